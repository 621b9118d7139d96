"""Text of a terminal as a person copies it: lines that only the terminal broke are joined."""

import pyte


class Copied(pyte.Screen):
    """Screen that gives its text as a person copies it: what only the terminal broke is joined."""

    def __init__(self, columns: int) -> None:
        super().__init__(columns, 400)
        self.set_mode(pyte.modes.LNM)  # as the terminal's driver does
        self.drawing, self.ends = False, set[int]()

    def draw(self, data: str) -> None:
        self.drawing = True
        super().draw(data)
        self.drawing = False

    def linefeed(self) -> None:
        if not self.drawing:
            self.ends.add(self.cursor.y)
        super().linefeed()

    def text_of(self, written: str) -> str:
        pyte.Stream(self).feed(written)
        lines = enumerate(self.display[: self.cursor.y])
        return "".join(f"{one.rstrip()}\n" if at in self.ends else one for at, one in lines)
