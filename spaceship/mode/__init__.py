"""What a run does: one verb function a file, chosen with `mode=`."""
