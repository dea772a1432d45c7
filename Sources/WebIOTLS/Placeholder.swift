import WebIOPosix
