"""Entry point of `python -m spaceship mode=train`: the command line of this interpreter."""

import signal

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else of nohup, for example
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `main` catches it: nothing is open yet
    from spaceship.cli.main import main

    main()
