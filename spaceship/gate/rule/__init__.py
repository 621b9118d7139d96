"""Rules of the promotion gate: one small file each, listed by the policies in `configs/gate`."""
