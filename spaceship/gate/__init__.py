"""Promotion policies: one small file each, chosen with `gate=`."""
