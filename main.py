"""Start the assistant from a checkout: `python main.py --help`."""

from assistant.apps.cli import main

if __name__ == "__main__":
    main()
