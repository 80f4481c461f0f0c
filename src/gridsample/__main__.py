"""``python -m gridsample``: the command line tool."""

from gridsample.cli import main

if __name__ == "__main__":
    main()
