"""Our lines for Wagtail: the end of settings/base.py."""

import os

INSTALLED_APPS += ["indelible.capture.django"]  # noqa: F821
MIDDLEWARE.insert(0, "indelible.capture.django.AuditMiddleware")  # noqa: F821
INDELIBLE = {
    "url": os.environ["INDELIBLE_URL"],
    "key": os.environ["INDELIBLE_KEY"],
    "source": "wagtail",
    "trusted_proxies": ["127.0.0.1/32"],
}
