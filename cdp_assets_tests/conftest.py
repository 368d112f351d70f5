"""What holds for every test."""

from cdp_assets.warehouse.garbage import look_for_garbage_rarely

look_for_garbage_rarely()
