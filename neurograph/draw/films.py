"""Frames to files: a GIF, or an MP4 through ffmpeg."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from neurograph.draw.style import GREY, INK, NEGATIVE, NEWBORN, POSITIVE
from neurograph.errors import FileError, listed

ENDINGS = (".gif", ".mp4")
Frame = tuple[np.ndarray, int]  # (height, width, 3) uint8 pixels, and the milliseconds they stay


def writer_of(path: str | Path) -> Callable[[Iterator[Frame], Path, int], None]:
    """What writes frames to a path, as its ending has it; last goes what most of them take, in milliseconds."""
    kind = Path(path).suffix.lower()
    if kind not in ENDINGS:
        raise FileError(f"cannot film {path}: its name must end in one of {listed(ENDINGS)}")
    if kind == ".mp4" and shutil.which("ffmpeg") is None:
        raise FileError(f"cannot film {path}: MP4 needs ffmpeg, which is not installed; a .gif needs nothing")
    return _write_gif if kind == ".gif" else _write_mp4


def _palette() -> Image.Image:
    """The colours of a film: what is drawn in, each on its way to white, and where they meet."""
    hues = {name: np.array(to_rgb(name)) for name in (INK, GREY, POSITIVE, NEGATIVE, NEWBORN)}
    mixed = [(hues[a] + hues[b]) / 2 for a, b in ((POSITIVE, NEGATIVE), (POSITIVE, GREY), (NEGATIVE, GREY))]
    fade = np.linspace(0, 0.94, 31)[:, None]  # lighter ones would take the place of white
    colours = np.concatenate([np.ones((1, 3)), *(hue + (1 - hue) * fade for hue in (*hues.values(), *mixed))])
    found = Image.new("P", (1, 1))
    found.putpalette((colours * 255).round().astype(int).ravel().tolist())
    return found


def _write_gif(frames: Iterator[Frame], path: Path, usual: int) -> None:
    """Every frame in the same colours, so that nothing flickers."""
    palette, images, times = _palette(), [], []
    for pixels, milliseconds in frames:
        images.append(Image.fromarray(pixels).quantize(palette=palette, dither=Image.Dither.NONE))
        times.append(milliseconds)
    images[0].save(path, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0)


def _write_mp4(frames: Iterator[Frame], path: Path, usual: int) -> None:
    """Through ffmpeg, in a form that browsers and slides play."""
    rate = 1000 // usual
    first, milliseconds = next(frames)
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{first.shape[1]}x{first.shape[0]}", "-r", str(rate), "-i", "-", "-an", "-c:v", "libx264"]
    command += ["-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(path)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdin is not None
    try:
        for pixels, time in ((first, milliseconds), *frames):
            running.stdin.write(pixels.tobytes() * max(1, round(time / 1000 * rate)))
    except BrokenPipeError:
        pass  # what went wrong is in its last words
    message = running.communicate()[1].decode(errors="replace").strip()
    if running.returncode:
        raise FileError(f"ffmpeg could not write the film: {message or running.returncode}")
