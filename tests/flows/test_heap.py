"""A run isn't held up by the collector, and leaves it as it was."""

import gc
from collections.abc import Iterator

import pytest

from heymilo_prefect.flows._run import gc_frozen


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_the_heap_is_set_aside_while_a_run_goes_on_also_when_it_fails() -> None:
    usual = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), gc_frozen():
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() > usual
        raise ZeroDivisionError
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, usual)


def test_a_run_within_another_and_what_the_user_froze_are_left_alone() -> None:
    with gc_frozen():
        with gc_frozen():
            pass
        assert gc.get_freeze_count() > 10_000
