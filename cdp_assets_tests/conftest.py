"""What holds for every test."""

import itertools
from collections.abc import Iterator

import ibis.expr.types as ir
import pytest
from ibis.expr import operations as ops

from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets.warehouse.garbage import look_for_garbage_rarely

look_for_garbage_rarely()

_LONGEST = ("test_end_to_end.py", "test_plan.py", "test_online_retail.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no processor waits for another one's last."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture(autouse=True, scope="module")
def _written_once() -> Iterator[None]:
    """What Ibis has written as SQL is not written again in the same file, where the same few statements are run for
    hundreds of small worlds and writing them takes longer than running them. For that, intermediate tables have the
    names that those before them had, as in a process of their own.
    """
    written: dict[ops.Node, str] = {}
    write, drop = DuckDBEngine._compiled, DuckDBEngine.drop_scratch

    def dropped(engine: DuckDBEngine) -> None:
        drop(engine)
        engine._counter = itertools.count()

    def compiled(engine: DuckDBEngine, expression: ir.Table) -> str:
        read = expression.op()
        if read.find(ops.InMemoryTable):
            return write(engine, expression)
        if read not in written:
            written[read] = write(engine, expression)
        return written[read]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckDBEngine, "_compiled", compiled)
        patch.setattr(DuckDBEngine, "drop_scratch", dropped)
        yield
