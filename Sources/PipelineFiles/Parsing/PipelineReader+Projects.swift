// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PipelineReader {
    /// Parses `projects`: a mapping, or the path of a CSV file.
    func projects(_ value: FileValue) throws(TranshipError) -> ProjectTable {
        var lines: [ProjectTable.Row] = []
        if value.isMapping {
            for (key, target) in try value.textMap(emptyValues: false) {
                lines.append(
                    ProjectTable.Row(
                        source: .init(key.text), target: .init(target), place: "\(key.position)"))
            }
        } else {
            lines = try projectLines(value)
        }
        var seen: [ProjectTable.Name: ProjectTable.Row] = [:]
        for line in lines {
            if line.target.text == "*" {
                refuse(
                    value.refusal(
                        "`projects` maps \"\(line.source.text)\" to *, which names no project "
                            + "(\(line.place))"))
            }
            if let other = seen.updateValue(line, forKey: line.source) {
                refuse(
                    value.refusal(
                        "`projects` has the project \"\(line.source.text)\" twice: \(other.words), "
                            + "and \(line.words)", hint: "remove one of the two lines"))
            }
        }
        let rows = lines.filter { $0.source.text != "*" }
        let rest = lines.first { $0.source.text == "*" }
        guard !lines.isEmpty || !mistakes.isEmpty else {
            throw value.refusal(
                "`projects` maps no project", hint: "write a line such as `team-a: team-a`")
        }
        return ProjectTable(
            rows: rows, rest: rest?.target, restPlace: rest?.place, position: value.position)
    }

    /// Reads a CSV file whose lines have a source and a target project. A first line
    /// `source,target` is a heading.
    private func projectLines(
        _ value: FileValue
    ) throws(TranshipError) -> [ProjectTable.Row] {
        let path = try value.absolutePath()
        let text: String
        let pathHint = "check the path in `projects`; a relative path starts at the pipeline file"
        do {
            text = try PipelineFile.read(
                path, kind: "table of projects", example: "projects.csv", hintIfMissing: pathHint)
        } catch {
            throw value.refusal(error.message, hint: error.hint ?? pathHint)
        }
        var lines: [ProjectTable.Row] = []
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            guard let cells = Self.cells(of: line) else {
                let isOpen = !line.count(where: { $0 == "\"" }).isMultiple(of: 2)
                throw value.refusal(
                    "\(path):\(index + 1): a quote is "
                        + (isOpen ? "not closed in its line" : "not at the ends of a name"),
                    hint: isOpen
                        ? "close it, and write a quote in a quoted name twice"
                        : "put the whole name in quotes, and write a quote in it twice")
            }
            if cells == [""] { continue }
            // Spreadsheets may write the heading with capitals.
            let heading = lines.isEmpty ? cells.map { $0.lowercased() } : []
            if heading == ["source", "target"] { continue }
            guard heading != ["target", "source"] else {
                throw value.refusal(
                    "\(path):\(index + 1): the heading is target,source, and the projects of the sources come "
                        + "first",
                    hint: "exchange the columns, and write the heading as source,target")
            }
            guard cells.count == 2, !cells.contains("") else {
                throw value.refusal(
                    "\(path):\(index + 1): a line has a source project and a target project, "
                        + "separated by a comma",
                    hint: Self.separatorHint(line)
                        ?? "write it as team-a,team-b; comments are not part of the file")
            }
            lines.append(
                ProjectTable.Row(
                    source: .init(cells[0]), target: .init(cells[1]), place: "\(path):\(index + 1)")
            )
        }
        return lines
    }

    /// Returns the hint for a line with another separator, as spreadsheets of some languages export
    /// it; nil for a line without one.
    private static func separatorHint(_ line: Substring) -> String? {
        guard !line.contains(",") else { return nil }
        for (separator, name) in [(";", "semicolons"), ("\t", "tabs")]
        where line.contains(separator) {
            return "the columns are separated by \(name): export the table with commas"
        }
        return nil
    }

    /// Splits one line of CSV (RFC 4180) into its cells, without the spaces around them.
    ///
    /// We do not use a library, since a wrong table gives images to wrong projects. SwiftCSV 0.10.0
    /// reads a quote that is not closed as one cell up to the end of the file, drops an empty last
    /// cell at the end, and reports errors without a line. It takes 0.8 s for 1 MiB, as it parses
    /// the text once for the first line and once for the rows.
    ///
    /// - Returns: nil for a quote that is not closed in its line, is inside a cell without quotes,
    ///   or is followed by something other than a comma.
    static func cells(of line: Substring) -> [String]? {
        var cells: [String] = []
        var rest = line
        while true {
            rest = rest.drop(while: \.isWhitespace)
            if rest.first == "\"" {
                guard let cell = quoted(&rest) else { return nil }
                cells.append(cell)
            } else {
                let text = rest.prefix { $0 != "," }
                guard !text.contains("\"") else { return nil }
                rest = rest[text.endIndex...]
                cells.append(
                    String(text.reversed().drop(while: \.isWhitespace).reversed()))
            }
            // Removes the comma. Without one, the line has ended.
            guard rest.popFirst() != nil else { return cells }
        }
    }

    /// Takes a cell in quotes, in which a quote is written twice.
    private static func quoted(_ rest: inout Substring) -> String? {
        rest.removeFirst()
        var cell = ""
        while let character = rest.popFirst() {
            guard character == "\"" else {
                cell.append(character)
                continue
            }
            if rest.first == "\"" {
                cell.append(rest.removeFirst())
                continue
            }
            rest = rest.drop(while: \.isWhitespace)
            return rest.first.map { $0 == "," } ?? true ? cell : nil
        }
        return nil
    }

    /// Refuses entries that contradict the table of projects, or that need a table if there is
    /// none.
    func refuseUnmappable(
        _ sources: [Source], _ targets: [Target], hasTable: Bool
    ) {
        for target in targets {
            guard case .cloud(let cloud) = target else { continue }
            if cloud.rules.image.owner?.isProjectTable == true, !hasTable {
                refuse(
                    refusal(
                        cloud.cloud.position,
                        "`owner: projects` needs `projects` in the pipeline file",
                        hint: "write `projects: { team-a: team-b }`"))
            }
            if hasTable, cloud.cloud.project != nil {
                refuse(
                    refusal(
                        cloud.cloud.position,
                        "this target has a `project`, and the file has `projects`",
                        hint: "remove one of them: `projects` says which project gets which images"
                    ))
            }
        }
        guard hasTable else { return }
        for source in sources {
            guard case .cloud(let cloud) = source else {
                refuse(
                    refusal(
                        source.position, "only images of clouds have a project for `projects`",
                        hint: "put this source into a pipeline of its own"))
                continue
            }
            if cloud.cloud.project != nil {
                refuse(
                    refusal(
                        source.position,
                        "this source has a `project`, and the file has `projects`",
                        hint: "remove one of them: `projects` names the projects of the sources"))
            }
        }
    }
}
