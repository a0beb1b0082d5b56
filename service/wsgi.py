"""What gunicorn loads: `service.wsgi:app`."""

from __future__ import annotations

import sys

from service.app import create_app
from service.settings import Settings, SettingsError
from service.telemetry import logs

# gunicorn gives up on this status of a worker, where it would start another one on others.
_BOOT_ERROR = 3

try:
    settings = Settings.from_environment()
except SettingsError as error:
    for line in error.lines():
        print(line, file=sys.stderr)
    raise SystemExit(_BOOT_ERROR) from None

logs.configure(settings.log_level, settings.log_format)
log = logs.logger("netverdict.wsgi")
for name in settings.unknown_variables:
    log.warning("unknown variable", variable=name)
log.info("starting", settings=repr(settings))

app = create_app(settings)
