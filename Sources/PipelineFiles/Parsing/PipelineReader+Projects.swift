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
        guard !rows.isEmpty || !mistakes.isEmpty else {
            throw value.refusal(
                "`projects` maps no project", hint: "write a line such as `team-a: team-a`")
        }
        return ProjectTable(
            rows: rows, rest: rest?.target, restPlace: rest?.place, position: value.position)
    }

    /// Lines of a source and a target project. A first line `source,target` is a heading.
    private func projectLines(
        _ value: FileValue
    ) throws(TranshipError) -> [ProjectTable.Row] {
        let path = try value.absolutePath()
        let text: String
        let pathHint = "check the path in `projects`; a relative path starts at the pipeline file"
        do {
            text = try PipelineFile.read(
                path, kind: "table of projects", hintIfMissing: pathHint)
        } catch {
            throw value.refusal(error.message, hint: error.hint ?? pathHint)
        }
        var lines: [ProjectTable.Row] = []
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            guard line.count(where: { $0 == "\"" }).isMultiple(of: 2) else {
                throw value.refusal(
                    "\(path):\(index + 1): a quote is not closed in its line",
                    hint: "close it, and write a quote in a quoted name twice")
            }
            let cells = Self.cells(of: line)
            if cells == [""] { continue }
            if index == 0, cells == ["source", "target"] { continue }
            guard cells.count == 2, !cells.contains("") else {
                throw value.refusal(
                    "\(path):\(index + 1): a line has a source project and a target project, "
                        + "separated by a comma",
                    hint: "write it as team-a,team-b")
            }
            lines.append(
                ProjectTable.Row(
                    source: .init(cells[0]), target: .init(cells[1]), place: "\(path):\(index + 1)")
            )
        }
        return lines
    }

    /// The cells of one line of CSV (RFC 4180). A quoted cell ends in its line.
    static func cells(of line: Substring) -> [String] {
        var cells = [""]
        var isQuoted = false
        var rest = line
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                cells[cells.count - 1].append(rest.removeFirst())
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: cells.append("")
            default: cells[cells.count - 1].append(character)
            }
        }
        return cells.map { cell in
            String(
                cell.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
    }

    /// Entries that a table of projects has no say about.
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
