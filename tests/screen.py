"""Screen that a terminal shows after text with the codes by which rich draws and erases lines."""

import re

CODE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


def lines_of(text: str) -> list[str]:
    """Return the lines on the screen."""
    screen, row = [""], 0
    for part in re.findall(rf"{CODE.pattern}|[\r\n]|[^\x1b\r\n]+", text):
        if part == "\n":
            row += 1
            screen += [""] * (row == len(screen))
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            screen[row] = ""
        elif part[0] not in "\r\x1b":
            screen[row] += part
    return screen
