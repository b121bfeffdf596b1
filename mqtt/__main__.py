"""``python -m mqtt``: see ``mqtt.commands``."""

import os
import sys

from mqtt.sparing import spare, unneeded

if __name__ == "__main__":
    spare(unneeded(sys.argv[1:], os.environ))
    from mqtt.commands import main

    sys.exit(main())
