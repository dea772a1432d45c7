import WebIO

func text() async throws {
  heading("Text and pictures")
  try await example("Text") {
    putText("Line breaks\n   and spaces stay.")
    putText("Several", "values:", 1, 2.5, true)
    put(Content.text("In a colour").style("color: tomato"))
  }
  try await example("Markdown") {
    putMarkdown(
      """
      **Bold**, *emphasis*, `code`, [a link](https://swift.org), ~~gone~~

      - [x] a task that is done
      - [ ] one that is not

      | Fruit | Price |
      | ----- | ----: |
      | Plum  |  1.20 |

      > Quoted
      """)
  }
  try await example("Code") {
    putCode("let answer = 6 * 7\nprint(answer) // 42", language: "swift")
  }
  try await example("HTML, cleaned") {
    putHTML("<b>Bold</b> and <script>alert('gone')</script><mark>marked</mark>")
  }
  try await example("Links") {
    putLink("Swift", url: "https://swift.org", newWindow: true)
    putLink("Tables and charts", app: "data")
  }
  try await example("Picture") {
    let svg =
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 90 30'><rect width='90' height='30' rx='6' fill='#3554d1'/></svg>"
    putImage(Array(svg.utf8), format: "svg+xml", title: "A blue rectangle", width: "180px")
  }
  try await example("File to save") {
    putFile("hello.txt", Array("Hello!".utf8))
  }
  try await example("Sound and film") {
    putAudio(url: "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=")
    let poster = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 9'/%3E"
    putVideo(url: "data:video/mp4;base64,", width: "240px", poster: poster)
  }
}
