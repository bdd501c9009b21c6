"""`python -m bucketdrive` is the command line."""

import sys

from bucketdrive.cli.main import main

sys.exit(main())
