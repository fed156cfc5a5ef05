"""`python -m underwatch`: the command line, for where its folder is not on the path."""

from underwatch.cli import main

if __name__ == "__main__":
    main(prog_name="python -m underwatch")
