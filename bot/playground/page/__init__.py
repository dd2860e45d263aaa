"""The page that draws the playground's servers as chats, with the controls of the demo."""

from bot.playground.page.controls import Controls
from bot.playground.page.pane import Pane
from bot.playground.page.routes import routes
from bot.playground.page.samples import SAMPLES, Sample, sample
from bot.playground.page.tour import Step, Story

__all__ = ["SAMPLES", "Controls", "Pane", "Sample", "Step", "Story", "routes", "sample"]
