"""What holds for every test."""

import pytest

from cdp_assets.warehouse.garbage import look_for_garbage_rarely

look_for_garbage_rarely()

_LONGEST = ("test_end_to_end.py", "test_plan.py", "test_online_retail.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no processor waits for another one's last."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)
