"""
Django: requests, model changes and logins.

    INSTALLED_APPS += ["indelible.capture.django"]
    MIDDLEWARE.insert(0, "indelible.capture.django.AuditMiddleware")
    INDELIBLE = {"url": "https://audit.example", "key": os.environ["AUDIT_KEY"], "source": "shop"}

`INDELIBLE` holds the arguments of `indelible.Indelible` and the settings of this hook
(`conf.HOOK_SETTINGS`). Importing this package alone imports nothing of Django's models.
"""

from indelible.capture.django.conf import get_client, use_client
from indelible.capture.django.middleware import AuditMiddleware

__all__ = ["AuditMiddleware", "get_client", "use_client"]
