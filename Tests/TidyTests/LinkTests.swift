// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Checks that links from page to page lead to an existing place.
@Suite struct LinkTests {
    /// Returns the anchors of a page's headings, as GitHub makes them.
    private static func anchors(_ page: String) -> Set<String> {
        var anchors: Set<String> = []
        var isCode = false
        for line in page.components(separatedBy: "\n") {
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode, line.hasPrefix("#") else { continue }
            let heading = line.drop { $0 == "#" }
            guard heading.hasPrefix(" ") else { continue }
            let kept = heading.dropFirst().lowercased().filter {
                $0.isLetter || $0.isNumber || " -_".contains($0)
            }
            anchors.insert(kept.replacing(" ", with: "-"))
        }
        return anchors
    }

    /// Returns the links of a page that lead nowhere. `read` returns the text of another page.
    private static func broken(
        _ path: String, _ text: String, read: (String) -> String?
    ) -> [String] {
        let folder = path.split(separator: "/").dropLast()
        return text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }.filter { link in
            guard !link.contains("://"), !link.hasPrefix("mailto:") else { return false }
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            var words = folder
            for word in parts[0].split(separator: "/") {
                if word == ".." { _ = words.popLast() } else if word != "." { words.append(word) }
            }
            let page = parts[0].isEmpty ? path : words.joined(separator: "/")
            guard parts.count > 1, page.hasSuffix(".md") else {
                return !FileManager.default.fileExists(
                    atPath: SourceTree.root.appendingPathComponent(page).path)
            }
            guard let target = page == path ? text : read(page) else { return true }
            return !anchors(target).contains(String(parts[1]))
        }
    }

    @Test func `Every link of a page has its file and its heading`() throws {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: SourceTree.root.appendingPathComponent("docs").path)
        let pages = names.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" } + ["README.md"]
        #expect(pages.count > 20)
        for page in pages {
            let broken = Self.broken(page, try SourceTree.text(page)) { try? SourceTree.text($0) }
            #expect(broken.isEmpty, "\(page): \(broken)")
        }
    }

    @Test func `A link without its heading is found`() {
        let page = "# Clouds\n## Where the files are: `x`\n```\n# not this\n```\n"
        let links = [
            "[a](#clouds)", "[b](#where-the-files-are-x)", "[c](#not-this)", "[d](b.md#clouds)",
            "[e](../README.md)", "[f](none.md)", "[g](b.md#where)",
        ]
        let broken = Self.broken("docs/a.md", page + links.joined(separator: "\n")) {
            $0 == "docs/b.md" ? page : nil
        }
        #expect(broken == ["#not-this", "none.md", "b.md#where"])
    }
}
