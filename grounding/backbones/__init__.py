"""Vision-language models of the Qwen families, driven through their stock classes."""
