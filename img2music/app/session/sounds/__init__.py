"""What can make a take sound, and what of it a visitor may ask for."""
