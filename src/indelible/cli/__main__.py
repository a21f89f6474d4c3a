"""`python -m indelible.cli`."""

from indelible.cli import main

main()
