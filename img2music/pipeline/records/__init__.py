"""What a record holds beside the music: its pipeline, without folders and with the words that choose it again, and its picture."""
