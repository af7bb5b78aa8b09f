"""The workbench of sounds: the same pieces played by several renderers, or told by several prompts, listened to and put side by side."""
