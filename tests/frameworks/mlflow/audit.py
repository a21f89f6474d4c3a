"""Our lines for MLflow: its server with basic-auth, captured (gunicorn audit:app)."""

import os

import flask
from mlflow.server.auth import create_app
from sqlalchemy.orm import Session

from indelible import Indelible
from indelible.capture.flask import capture_flask
from indelible.capture.sqlalchemy import capture_changes
from indelible.client import bind

audit = Indelible(os.environ["INDELIBLE_URL"], os.environ["INDELIBLE_KEY"], source="mlflow")
app = create_app()
capture_flask(app, client=audit)
capture_changes(Session, client=audit)


@app.before_request
def who():  # after MLflow's own check of the password
    if flask.request.authorization:
        bind(actor={"kind": "user", "id": flask.request.authorization.username})
