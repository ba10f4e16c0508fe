"""The tests mirror the house; ``servers`` holds small real peers, ``interop`` servers nobody here wrote."""
