// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PipelineFiles

@Suite("Hints of a copy")
struct CopyHintTests {
    @Test(
        "name the option that stands for a key",
        arguments: [
            ("name the image with `name` under `image`", "name the image with --name"),
            (
                "write `disk_format: qcow2`, or `disk_format`",
                "write --disk-format qcow2, or --disk-format"
            ),
            (
                "name the list, or write its checksum with `checksum`",
                "name the list, or write its checksum with --checksum"
            ),
            ("write `checksum: sha256:…`", "write --checksum sha256:…"),
            (
                "write `on_conflict`, such as `on_conflict: skip`",
                "write --on-conflict, such as --on-conflict skip"
            ),
            (
                "give each its own `series` or `name`",
                "copy one of them by itself, or each by itself with its own name: tranship copy FILE "
                    + "TARGET --name NAME"
            ),
            (
                "leave them out of the address, and write `auth: netrc`, or `auth: env:NAME` for "
                    + "user:password in $NAME",
                "leave them out of the address, and add --dry-run --save FILE to this command; below "
                    + "the address in FILE, write `auth: netrc`, or `auth: env:NAME` for "
                    + "user:password in $NAME; then run it: tranship run FILE"
            ),
            (
                "check the id; if it is a name, write it under `name`",
                "check the id; if it is a name, write it in quotes, with a backslash in front of it"
            ),
            (
                "`file` names a folder; run `tranship status`",
                "`file` names a folder; run `tranship status`"
            ),
        ])
    func option(hint: String, words: String) {
        #expect(CopyHint.words(hint) == words)
    }

    @Test("name the way to write a key without an option")
    func noOption() {
        let hint = "set `hidden: false` in the target's `image`"
        #expect(
            CopyHint.words(hint)
                == "\(hint). A copy has no option for `hidden`: add --save FILE to its command, edit "
                + "FILE, and run it with `tranship run FILE`")
        #expect(
            CopyHint.words("`auth` and `headers` log in").hasPrefix(
                "`auth` and `headers` log in. A copy has no option for `auth` and `headers`: "))
        #expect(
            CopyHint.words("write the file of its certificate as `cacert` of this source")
                .hasSuffix(
                    "A copy has no option for `cacert`: add --save FILE to its command, edit FILE, and run "
                        + "it with `tranship run FILE`"))
        #expect(CopyHint.message("\(hint); `name`") == "\(hint); --name")
        let status = "leave it out with `status: [active]`"
        #expect(CopyHint.words(status).hasPrefix("\(status). A copy has no option for `status`: "))
    }

    @Test(
        "say which command follows",
        arguments: [
            ("wait until the server answers", CopyHint.Way.none),
            ("write `disk_format: qcow2`", .option),
            ("set `hidden: false` in the target's `image`", .otherCommand),
            ("give each its own `series` or `name`", .otherCommand),
        ])
    func way(hint: String, way: CopyHint.Way) {
        #expect(CopyHint.way(hint) == way)
    }
}
