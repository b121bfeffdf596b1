"""``python -m mqtt``: see ``mqtt.commands``."""

import os
import sys

from app.core.sparing import spare, unneeded

if __name__ == "__main__":
    if sys.argv[1:2] in ([], ["run"]):  # the other commands end soon or need more
        spare(unneeded(os.environ))
    from mqtt.commands import main

    sys.exit(main())
