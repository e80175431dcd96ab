"""Table in, chart out, one module a family. Nothing here imports Streamlit."""
