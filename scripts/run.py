"""Entry point of a checkout: `python scripts/run.py mode=train`, from any folder.

Completion in bash looks for the text @hydra.main in the script; the decorated function itself is
in `spaceship.cli.main`, which is also behind the command `spaceship` of an installed package.
"""

import signal

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else of nohup, for example
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `main` catches it: nothing is open yet
    from spaceship.cli.main import main

    main()
