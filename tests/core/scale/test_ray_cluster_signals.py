import signal
import threading

import pytest

from core.scale.ray_engine import defer_signals, exit_on_sigterm


@pytest.fixture
def heard():
    """What a handler of SIGTERM hears, as a job has one."""
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    yield heard
    signal.signal(signal.SIGTERM, before)


def test_a_wish_to_stop_waits_and_is_not_lost():
    done = []
    with pytest.raises(KeyboardInterrupt):
        with defer_signals():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("started")
        done.append("went on")
    assert done == ["started"]


def test_the_answer_to_sigterm_is_a_jobs_own_again(heard):
    with defer_signals():
        signal.raise_signal(signal.SIGTERM)
        assert heard == []
        # As Ray does when it starts.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert heard == [signal.SIGTERM]
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM] * 2


def test_an_error_in_between_is_told_when_nobody_wished_to_stop(heard):
    with pytest.raises(ValueError, match="broken"), defer_signals():
        raise ValueError("broken")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_sigterm_unwinds_where_nobody_answers_it():
    before, done = signal.signal(signal.SIGTERM, signal.SIG_DFL), []
    try:
        with pytest.raises(SystemExit) as ended, exit_on_sigterm():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                done.append("put away")
        assert (ended.value.code, done) == (143, ["put away"])
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_is_left_to_who_answers_it(heard):
    with exit_on_sigterm():
        signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_a_thread_has_no_signals_to_put_off():
    done = []

    def work():
        with defer_signals():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.default_int_handler]
