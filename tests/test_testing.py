"""What tests do without stays away while anybody does without it, and comes back after the last."""

import pytest

from heymilo_prefect.testing import Toggle


def test_it_is_on_again_once_all_have_let_go_in_any_order() -> None:
    switch = Toggle()
    first, second = switch.disabled(), switch.disabled()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not switch
    second.__exit__(None, None, None)
    assert switch


def test_an_error_lets_go_too() -> None:
    switch = Toggle()
    with pytest.raises(RuntimeError), switch.disabled():
        raise RuntimeError
    assert switch
