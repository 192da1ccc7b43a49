// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PipelineReader {
    /// Parses `projects`: a mapping, or the path of a CSV file.
    func projects(_ value: FileValue) throws(TranshipError) -> ProjectTable {
        var pairs: [(source: String, target: String)] = []
        if value.isMapping {
            for (key, target) in try value.textMap(emptyValues: false) {
                pairs.append((key.text, target))
            }
        } else {
            pairs = try projectLines(value)
        }
        var rows: [ProjectTable.Row] = []
        var rest: ProjectTable.Name?
        var seen: Set<String> = []
        for (source, target) in pairs {
            if target == "*" {
                refuse(
                    value.refusal("`projects` maps \"\(source)\" to *, which names no project"))
            }
            if !seen.insert(source).inserted {
                refuse(value.refusal("`projects` has the project \"\(source)\" twice"))
            }
            if source == "*" {
                rest = ProjectTable.Name(target)
            } else {
                rows.append(
                    ProjectTable.Row(
                        source: ProjectTable.Name(source), target: ProjectTable.Name(target)))
            }
        }
        guard !rows.isEmpty || !mistakes.isEmpty else {
            throw value.refusal(
                "`projects` maps no project", hint: "write a line such as `team-a: team-a`")
        }
        return ProjectTable(rows: rows, rest: rest, position: value.position)
    }

    /// Lines of a source and a target project. A first line `source,target` is a heading.
    private func projectLines(
        _ value: FileValue
    ) throws(TranshipError) -> [(source: String, target: String)] {
        let path = try value.absolutePath()
        let text: String
        do {
            text = try PipelineFile.read(path, kind: "table of projects")
        } catch {
            throw value.refusal("cannot read the table of projects \(path)", hint: error.message)
        }
        var pairs: [(source: String, target: String)] = []
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            let cells = Self.cells(of: line)
            if cells == [""] { continue }
            if index == 0, cells == ["source", "target"] { continue }
            guard cells.count == 2, !cells.contains("") else {
                throw value.refusal(
                    "\(path):\(index + 1): a line has a source project and a target project, "
                        + "separated by a comma",
                    hint: "write it as team-a,team-b")
            }
            pairs.append((cells[0], cells[1]))
        }
        return pairs
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
