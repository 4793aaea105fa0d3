import io

from rich.console import Console

from search.progress import ShowProgress


def row(epoch, edit=None, held=2.0):
    return {
        "epoch": epoch,
        "train_error": 12.375,
        "validation_error": held,
        "neurons": {"first": 16, "second": 20},
        "parameters": 1234,
        "edit": edit,
    }


def shown(rows, terminal, **options):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100)
    with ShowProgress(20, console=console, **options) as progress:
        for each in rows:
            progress(None, each)
    return stream.getvalue()


def test_plain_lines_come_now_and_then_and_at_every_edit():
    text = shown([row(n, edit="+8 first" if n == 7 else None) for n in range(1, 21)], terminal=False, every=5)
    lines = text.splitlines()
    assert [int(line.split()[1]) for line in lines] == [1, 5, 7, 10, 15, 20]
    assert "12.38% training, 2.00% validation" in lines[0]
    assert "first 16, second 20 (1,234 parameters)" in lines[0]
    assert lines[2].endswith("| +8 first")
    assert "\x1b" not in text


def test_a_terminal_sees_error_neurons_and_the_last_edit():
    text = shown([row(1), row(2, edit="+8 first"), row(3)], terminal=True)
    for words in ("3 of 20", "12.38% training", "first 16, second 20", "+8 first after epoch 2"):
        assert words in text


def test_without_validation_only_the_training_error_is_shown():
    assert "validation" not in shown([row(1, held=None)], terminal=False)


def test_many_populations_are_told_together():
    many = row(1) | {"neurons": {f"layer{n}": n for n in range(12)}}
    assert "| 66 in 12 populations (1,234 parameters)" in shown([many], terminal=False)
