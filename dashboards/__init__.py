"""The screens: role-filtered views of what is published, in German and English."""
