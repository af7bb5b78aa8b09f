"""The page as a hosted Space: `python demo/app.py` serves it to everybody at port 7860, with its calls for programs and assistants."""

from img2music.app.demo_server import serve

if __name__ == "__main__":
    serve("0.0.0.0", 7860, mcp=True)  # noqa: S104  a Space is meant to be reached
