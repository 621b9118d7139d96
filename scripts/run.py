"""Entry point of a checkout: `python scripts/run.py mode=train`, from any folder.

Completion in bash looks for the text @hydra.main in the script; the decorated function itself is
in `spaceship.cli.main`, which is also behind the command `spaceship` of an installed package.
"""

from spaceship.cli.main import main

if __name__ == "__main__":
    main()
