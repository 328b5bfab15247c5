"""Run the command with `python -m heymilo_prefect`."""

from heymilo_prefect.commands import main

if __name__ == "__main__":
    main()
