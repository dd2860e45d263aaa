// The shortcodes that alerts and cards commonly use; others stay as they are written.

export const EMOJI = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️", arrows_counterclockwise: "🔄",
  bangbang: "‼️", bell: "🔔", black_circle: "⚫", blue_circle: "🔵", boom: "💥", bug: "🐛", bulb: "💡", calendar: "📅",
  chart_with_upwards_trend: "📈", clipboard: "📋", clock1: "🕐", exclamation: "❗", eyes: "👀", fire: "🔥",
  fire_engine: "🚒", green_circle: "🟢", grey_question: "❔", hammer_and_wrench: "🛠️", heart: "❤️",
  heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_orange_circle: "🟠", large_red_circle: "🔴", large_yellow_circle: "🟡", link: "🔗", lock: "🔒",
  loudspeaker: "📢", mag: "🔍", mega: "📣", memo: "📝", mute: "🔇", no_bell: "🔕", no_entry: "⛔",
  ok_hand: "👌", orange_circle: "🟠", package: "📦", phone: "☎️", pray: "🙏", question: "❓", red_circle: "🔴",
  repeat: "🔁", rocket: "🚀", rotating_light: "🚨", satellite: "🛰️", siren: "🚨", skull: "💀", slightly_smiling_face: "🙂",
  smile: "😄", snowflake: "❄️", sos: "🆘", speech_balloon: "💬", stopwatch: "⏱️", tada: "🎉", telephone_receiver: "📞",
  thumbsup: "👍", thumbsdown: "👎", tools: "🛠️", trophy: "🏆", warning: "⚠️", wave: "👋", white_check_mark: "✅",
  white_circle: "⚪", wrench: "🔧", x: "❌", yellow_circle: "🟡", zap: "⚡", zzz: "💤",
};
