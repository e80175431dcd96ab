"""The shell: knows Streamlit, knows core, knows no page."""
