"""`python -m lowres` is `lowres`."""

from lowres.cli import main

if __name__ == "__main__":
    main()
