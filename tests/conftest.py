"""What all tests need."""

import pytest

pytest.register_assert_rewrite("bucketdrive.testing.contracts")
