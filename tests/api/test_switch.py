"""What tests do without stays away while anybody does without it, and comes back after the last."""

import pytest

from heymilo_prefect.api.switch import Switch


def test_it_is_on_again_once_all_have_let_go_in_any_order() -> None:
    switch = Switch()
    first, second = switch.off(), switch.off()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not switch
    second.__exit__(None, None, None)
    assert switch


def test_an_error_lets_go_too() -> None:
    switch = Switch()
    with pytest.raises(RuntimeError), switch.off():
        raise RuntimeError
    assert switch
