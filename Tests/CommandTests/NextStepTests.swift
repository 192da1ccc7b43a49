// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// The messages after a mistake, with their next steps: each step is performed, and has to work.
@Suite(.timeLimit(.minutes(5)))
struct NextStepTests {
    // MARK: Broken pipeline files

    /// A file with mistakes, the messages about it, and the file as the messages advise.
    struct BrokenFile: CustomTestStringConvertible, Sendable {
        var title: String
        /// Parts of the correct file, each with its replacement.
        var broken: [(String, String)]
        var said: [String]
        /// Parts of the correct file, each with the text that the message advises.
        var mended: [(String, String)] = []

        var testDescription: String { title }
    }

    static let files: [BrokenFile] = [
        BrokenFile(
            title: "a mistyped key", broken: [("version: 1", "version: 1\nverfy: proof")],
            said: ["night.yaml:2:1: unknown key `verfy`", "hint: did you mean `verify`?"],
            mended: [("version: 1", "version: 1\nverify: proof")]),
        BrokenFile(
            title: "a spelling of true", broken: [("name: copy", "name: copy, hidden: yes")],
            said: ["hidden", "hint: write true or false"],
            mended: [("name: copy", "name: copy, hidden: true")]),
        BrokenFile(
            title: "a path as a URL", broken: [("file: ./a.raw", "url: ./a.raw")],
            said: [
                "not an http or https address", "hint: for a file on this machine, write `file:`",
            ]),
        BrokenFile(
            title: "a field of the record beside the image block",
            broken: [("cloud: beta", "cloud: beta\n    visibility: private")],
            said: [
                "unknown key `visibility` in a cloud target",
                "hint: it belongs into the `image` block: image: { visibility: … }",
            ], mended: [("cloud: beta", "cloud: beta\n    image: { visibility: private }")]),
        BrokenFile(
            title: "a name as a selection",
            broken: [
                ("file: ./a.raw", "cloud: alpha\n    images: ubuntu-24.04"),
                ("    image: { name: copy, disk_format: raw, container_format: bare }\n", ""),
            ],
            said: [
                "`images` must be a mapping, but this is \"ubuntu-24.04\"",
                "hint: if that is a name, write images: { name: \"ubuntu-24.04\" }",
            ],
            mended: [
                ("file: ./a.raw", "cloud: alpha\n    images: { name: \"ubuntu-24.04\" }"),
                ("    image: { name: copy, disk_format: raw, container_format: bare }\n", ""),
            ]),
        BrokenFile(
            title: "no name", broken: [("name: night\n", "")],
            said: ["a pipeline needs `name`", "add a name: the default journal is named after it"]),
        BrokenFile(
            title: "a version of the future", broken: [("version: 1", "version: 2")],
            said: ["`version` is 2", "hint: write `version: 1`"]),
        BrokenFile(
            title: "no space after a colon", broken: [("version: 1", "version:1")],
            said: ["night.yaml:1:1: a space is missing", "hint: write `version: 1`"]),
        BrokenFile(
            title: "keys that are there twice",
            broken: [
                ("name: night", "name: night\nname: day"),
                ("cloud: beta", "cloud: beta\n    cloud: alpha"),
            ],
            said: ["has 2 mistakes", "duplicate key `name`", "duplicate key `cloud`"]),
        BrokenFile(
            title: "clouds, files and programs that are not there",
            broken: [
                ("cloud: beta", "cloud: beat\nhooks: { on_failure: [./notify] }"),
                ("./a.raw", "./b.raw"),
                ("targets:", "  - cloud: alhpa\n  - archive: ./none\ntargets:"),
            ],
            said: [
                "night.yaml has 5 mistakes", "no cloud \"beat\"", "did you mean beta?",
                "no cloud \"alhpa\"", "did you mean alpha?", "`file`: there is no ",
                "`archive`: there is no ", "`on_failure`: there is no program ",
            ]),
        BrokenFile(
            title: "a key, a cloud, a variable, a home folder and a file at once",
            broken: [
                ("cloud: beta", "cloud: betta\n    image: { nmae: x }"),
                ("./a.raw", "~/a.raw"),
                (
                    "targets:",
                    "  - cloud: alpah\n    nmae: x\n  - file: ${NIGHT_FILE}\n  - file: ./none.raw\n"
                        + "targets:"
                ),
            ],
            said: [
                "night.yaml has 7 mistakes", "no cloud \"betta\"", "did you mean beta?",
                "no cloud \"alpah\"", "did you mean alpha?", "unknown key `nmae`",
                "write ${HOME}/a.raw", "needs ${NIGHT_FILE}", "`file`: there is no ",
            ]),
        BrokenFile(
            title: "a brace without quotes", broken: [("name: copy, ", "name: {stem}-x, ")],
            said: ["must be quoted", "hint: write \"{stem}-x\""],
            mended: [("name: copy, ", "name: \"{stem}-x\", ")]),
        BrokenFile(
            title: "a tab", broken: [("  - cloud: beta", "\t- cloud: beta")],
            said: ["YAML allows no tabs", "hint: indent with spaces"]),
        BrokenFile(
            title: "one target without a list", broken: [("  - cloud: beta", "  cloud: beta")],
            said: ["`targets` must be a list", "hint: start each entry with a dash"]),
        BrokenFile(
            title: "a variable that is not set",
            broken: [("cloud: beta", "cloud: ${NIGHT_TARGET}")],
            said: ["needs ${NIGHT_TARGET}", "write ${NIGHT_TARGET:-default}"],
            mended: [("cloud: beta", "cloud: ${NIGHT_TARGET:-beta}")]),
        BrokenFile(
            title: "a home folder", broken: [("./a.raw", "~/a.raw")],
            said: ["starts with ~", "hint: write ${HOME}/a.raw"],
            mended: [("./a.raw", "${HOME}/a.raw")]),
        BrokenFile(
            title: "formats that do not exist",
            broken: [
                (
                    "disk_format: raw, container_format: bare",
                    "disk_format: vmdK, container_format: baer"
                )
            ],
            said: [
                "night.yaml has 2 mistakes", "night.yaml:5:39: `disk_format` is \"vmdK\"",
                "did you mean vmdk?", "night.yaml:5:63: `container_format` is \"baer\"",
                "did you mean bare?",
            ]),
        BrokenFile(
            title: "words of closed sets",
            broken: [
                ("version: 1", "version: 1\nverify: prof"),
                (
                    "cloud: beta",
                    "cloud: beta\n    method: uplaod\n    on_conflict: keepboth\n    previous: hid"
                ),
                ("bare }", "bare, visibility: Publik, protected: True }\n    decompress: autp"),
            ],
            said: [
                "night.yaml has 7 mistakes", "night.yaml:2:9: `verify` is \"prof\"",
                "did you mean proof?", "did you mean upload?", "did you mean keep-both?",
                "did you mean hide?", "did you mean public?", "`protected` is \"True\"",
                "write true or false", "did you mean auto?",
            ]),
        BrokenFile(
            title: "six mistakes at once",
            broken: [
                ("version: 1", "version: 1\nverfy: proof"), ("disk_format", "disk_frmat"),
                ("bare }", "bare, min_ram: few }"), ("cloud: beta", "cloud: beta\n    keep: -1"),
                ("./a.raw", "~/a.raw"), ("name: night", "name: all night"),
            ],
            said: [
                "night.yaml has 6 mistakes", "unknown key `verfy`", "did you mean `disk_format`?",
                "`min_ram`", "`keep`", "write ${HOME}/a.raw", "`name` is \"all night\"",
            ]),
    ]

    @Test(arguments: files)
    func `A broken pipeline file says how it is mended`(file: BrokenFile) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline(file.broken))
        let outcome = try await desk.run("tranship plan night.yaml")
        #expect(outcome.status == 2, "\(outcome.said)")
        for words in file.said { #expect(outcome.talk.contains(words), "\(outcome.said)") }
        try desk.write("night.yaml", Desk.pipeline(file.mended))
        let mended = try await desk.run("tranship plan night.yaml")
        #expect(mended.status == 0, "\(mended.said)")
        #expect(desk.beta.changes.isEmpty)
    }

    // MARK: Wrong command lines

    /// A command, its status, its messages, and the next command in them.
    struct WrongCommand: CustomTestStringConvertible, Sendable {
        let command: String
        let status: Int32
        let said: [String]
        let next: String

        init(_ command: String, _ status: Int32 = 2, says said: String..., next: String) {
            (self.command, self.status, self.said, self.next) = (command, status, said, next)
        }

        var testDescription: String { command }
    }

    static let commands: [WrongCommand] = [
        WrongCommand(
            "tranship imgae list", says: "did you mean `tranship image`?",
            next: "tranship image list"),
        WrongCommand(
            "tranship plna night.yaml", says: "did you mean `tranship plan`?",
            next: "tranship plan night.yaml"),
        WrongCommand(
            "tranship run nihgt.yaml",
            says: "cannot read the pipeline file nihgt.yaml", "hint: did you mean night.yaml?",
            next: "tranship run night.yaml"),
        WrongCommand(
            "tranship copy alhpa beta", says: "hint: did you mean alpha?",
            next: "tranship copy alpha beta"),
        WrongCommand(
            "tranship copy alpha/ubuntu-24.04 beta",
            says: "so it has no region \"ubuntu-24.04\"",
            "it comes behind the clouds: tranship copy alpha beta ubuntu-24.04",
            next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship copy alpha beta/ubuntu-24.04 --dry-run",
            says: "tranship copy alpha beta ubuntu-24.04",
            next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship copy alpha beta ubuntu-24", 3,
            says: "has no image \"ubuntu-24\"", "ubuntu-24.04",
            next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship image show ubuntu-2404", 1,
            says: "hint: did you mean \"ubuntu-24.04\"?", next: "tranship image show ubuntu-24.04"
        ),
        WrongCommand(
            "tranship image list --clod beta",
            says: "Did you mean '--cloud'?", next: "tranship image list --cloud beta"),
        WrongCommand(
            "tranship plan night.yaml -f jsn",
            says: "'jsn' is invalid", "- json", next: "tranship plan night.yaml -f json"),
        WrongCommand(
            "tranship plan night.yaml -c name",
            says: "-c needs a table: add -f table, csv, value or yaml",
            next: "tranship plan night.yaml -c name -f value"),
        WrongCommand(
            "tranship run night.yaml --dry-run",
            says: "Unknown option '--dry-run'", "hint: `tranship plan FILE` shows",
            next: "tranship plan night.yaml"),
        WrongCommand(
            "tranship plan alpha beta",
            says: "Unexpected argument 'beta'", "`tranship copy alpha beta --dry-run` shows",
            next: "tranship copy alpha beta --dry-run"),
        WrongCommand(
            "tranship copy alpha beta --include 'ubuntu-*'",
            says: "hint: put names and globs after the target",
            next: "tranship copy alpha beta 'ubuntu-*'"),
        WrongCommand(
            "tranship image list alpha",
            says: "hint: if alpha is a cloud, write --cloud alpha",
            next: "tranship image list --cloud alpha"),
        WrongCommand(
            "tranship copy alpha beta -n --json",
            says: "hint: write --format json", next: "tranship copy alpha beta -n --format json"),
        WrongCommand(
            "tranship --os-cloud alpha copy ubuntu-24.04 beta",
            says: "--os-cloud has no meaning for `copy`", "`tranship copy alpha TARGET`",
            next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship status", 7,
            says: "there is no journal in", "hint: run a pipeline with `tranship run`",
            next: "tranship run night.yaml && tranship status"),
        WrongCommand(
            "tranship image download ubuntu-24.04 a.raw",
            says: "a.raw", "--force", next: "tranship image download ubuntu-24.04 a.raw --force"),
        WrongCommand(
            "tranship copy '' beta", says: "the source is empty", next: "tranship copy alpha beta"),
        WrongCommand(
            "tranship copy alpha: beta: ubuntu-24.04",
            says: "there is no cloud \"alpha:\"",
            "write a cloud without a colon, and images behind the target: tranship copy alpha "
                + "beta ubuntu-24.04", next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship copy alpha:ubuntu-24.04 beta:noble",
            says: "tranship copy alpha beta ubuntu-24.04 --name noble",
            next: "tranship copy alpha beta ubuntu-24.04 --name noble"),
        WrongCommand(
            "tranship copy ubuntu-24.04 alpha beta",
            says: "the clouds come first, then the images: tranship copy alpha beta ubuntu-24.04",
            next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship copy alpha ubuntu-24.04 beta",
            says: "the clouds come first, then the images: tranship copy alpha beta ubuntu-24.04",
            next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship copy beta ./a.raw",
            says: "to copy the file: tranship copy ./a.raw beta", next: "tranship copy ./a.raw beta"
        ),
        WrongCommand(
            "tranship copy alpha beta ubuntu-24.04,a.raw", 3,
            says: "write each name as its own argument: ubuntu-24.04 a.raw",
            next: "tranship copy alpha beta ubuntu-24.04"),
        WrongCommand(
            "tranship copy alpha beta *.raw", 3,
            says:
                "quote the glob if this was one: a.raw is a file here, so the shell may have expanded a glob to",
            next: "tranship copy alpha beta 'ubuntu*'"),
        WrongCommand(
            "tranship copy b.raw beta", says: "hint: check the path",
            next: "tranship copy a.raw beta"),
        WrongCommand(
            "tranship plan night", says: "hint: did you mean night.yaml?",
            next: "tranship plan night.yaml"),
        WrongCommand(
            "tranship run night.yaml --bwlimit 5M",
            says: "`limits: { bandwidth: 50MiB/s }` in the pipeline file",
            next: "tranship run night.yaml"),
        WrongCommand(
            "tranship run night.yaml --max-duration 5",
            says: "hint: write a unit: 5s, 5m or 5h",
            next: "tranship run night.yaml --max-duration 5m"),
        WrongCommand(
            "tranship image set ubuntu-24.04 --hw-disk-bus scsi",
            says: "hint: write --property hw_disk_bus=VALUE",
            next: "tranship image set --cloud alpha ubuntu-24.04 --property hw_disk_bus=scsi"),
        WrongCommand(
            "tranship ls 'ubuntu*'",
            says: "a list takes no glob: tranship image list | grep -F ubuntu",
            next: "tranship image list --cloud alpha | grep -F ubuntu"),
        WrongCommand(
            "tranship rm --cloud alpha 'ubuntu*'", 1,
            says: "an image is named by its whole name or its id, and not by a glob",
            next: "tranship image show --cloud alpha ubuntu-24.04"),
        WrongCommand(
            "tranship version", says: "did you mean `tranship --version`?",
            next: "tranship --version"),
        WrongCommand(
            "tranship copy night.yaml beta",
            says: "night.yaml is a YAML file", "tranship run night.yaml",
            next: "tranship run night.yaml"),
        WrongCommand(
            "tranship copy file:///tmp/a.raw beta",
            says: "file:// cannot be read", "write the path: /tmp/a.raw",
            next: "tranship copy a.raw beta"),
        WrongCommand(
            "tranship plan night.yaml --save p.json && tranship run p.json",
            says: "this is a saved plan", "tranship run PIPELINE --plan FILE",
            next: "tranship run night.yaml --plan p.json"),
        WrongCommand(
            "tranship -q run night.yaml",
            says: "options come behind the command", next: "tranship run night.yaml -q"),
        WrongCommand(
            "tranship ls ubuntu-24.04",
            says: "if it is an image, --name ubuntu-24.04",
            next: "tranship ls --cloud alpha --name ubuntu-24.04"),
        WrongCommand(
            "tranship image-list",
            says: "did you mean `tranship image list`?", next: "tranship image list --cloud alpha"),
        WrongCommand(
            "tranship image set --activate ubuntu-24.04",
            says: "Unknown option '--activate'.\nhint: `tranship image reactivate IMAGE`",
            next: "tranship image reactivate --cloud alpha ubuntu-24.04"),
        WrongCommand(
            "tranship doctor alpha beat", says: "did you mean beta?",
            next: "tranship doctor alpha beta"),
        WrongCommand(
            "tranship copy --from alpha --to beta",
            says: "hint: write only the names: tranship copy SOURCE TARGET",
            next: "tranship copy alpha beta"),
        WrongCommand(
            "tranship copy - beta", says: "does not read standard input",
            "tranship image create NAME --disk-format FORMAT --file - --cloud CLOUD",
            next: "tranship image create x --disk-format raw --file - --cloud beta < a.raw"),
        WrongCommand(
            "tranship copy 127.0.0.1:8000/a.raw beta",
            says: "if it is an address, write http://127.0.0.1:8000/a.raw or https://127.0.0.1:",
            next: "tranship copy a.raw beta"),
        WrongCommand(
            "tranship image set --cloud alpha ubuntu-24.04 --property os_distro",
            says: "hint: write the value as well: --property os_distro=VALUE",
            next: "tranship image set --cloud alpha ubuntu-24.04 --property os_distro=ubuntu"),
        WrongCommand(
            "tranship help clouds", says: "`tranship doctor CLOUD` examines",
            next: "tranship doctor beta"),
        WrongCommand(
            "tranship doctor beta ./arc/", says: "./arc/ is a path", "tranship doctor beta",
            next: "tranship doctor beta"),
        WrongCommand(
            "tranship image create x --cloud beta --disk-format rwa",
            says: "does not have the format of --disk-format rwa", "did you mean raw? formats: ",
            next: "tranship image create x --cloud beta --disk-format raw"),
        WrongCommand(
            "tranship image set ubuntu-24.04 --cloud alpha --container-format baer",
            says: "does not have the format of --container-format baer",
            "did you mean bare? formats: ",
            next: "tranship image set ubuntu-24.04 --cloud alpha --container-format bare"),
        WrongCommand(
            "tranship ls --cloud alpha --disk-format qcow",
            says: "unknown --disk-format qcow", "did you mean qcow2? known: ",
            next: "tranship ls --cloud alpha --disk-format qcow2"),
        WrongCommand(
            "tranship ls --cloud alpha --status activ", says: "did you mean active? known: ",
            next: "tranship ls --cloud alpha --status active"),
        WrongCommand(
            "tranship copy alpha beta --disk-format raw",
            says: "--disk-format is for files and addresses", "hint: leave --disk-format out",
            next: "tranship copy alpha beta"),
        WrongCommand(
            "tranship ls --cloud alpha --name 'ubuntu*'", 0,
            says: "--name takes no glob; `tranship image list --cloud alpha | grep -F ubuntu`",
            next: "tranship image list --cloud alpha | grep -F ubuntu"),
        WrongCommand(
            "tranship copy alpha . ubuntu-24.04", 1, says: "not an archive and not empty",
            "name an empty or a new folder", next: "tranship copy alpha ./new/ ubuntu-24.04"),
        WrongCommand(
            "sed 's/name: night/name: day/' night.yaml > day.yaml; tranship plan day.yaml "
                + "--save p.json; tranship run night.yaml --plan p.json",
            says: "the saved plan is of pipeline day, not of night", "hint: name the file of day",
            next: "tranship run day.yaml --plan p.json"),
    ]

    /// For an image of a cloud, it is the line of the source that selects the image.
    @Test(arguments: [false, true])
    func `A next step names the line of the cloud that an image comes from`(
        isResumed: Bool
    ) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        desk.beta.put(
            UUID().uuidString.lowercased(), data: Array(repeating: 8, count: 5000),
            ["name": "ubuntu-24.04", "disk_format": "raw", "container_format": "bare"])
        let cloud = """
              - cloud: alpha
                images: { name: "ubuntu-*" }
            targets:
            """
        try desk.write(
            "night.yaml",
            Desk.pipeline([
                ("targets:", cloud), ("cloud: beta", "cloud: beta\n    on_conflict: fail"),
            ]))
        if isResumed { _ = try await desk.run("tranship run night.yaml") }
        let run = try await desk.run("tranship run night.yaml")
        #expect(run.status == 4 || run.status == 3, "\(run.said)")
        #expect(run.talk.contains("1. ubuntu-24.04 (night.yaml:6): "), "\(run.said)")
    }

    @Test(arguments: commands)
    func `A wrong command line leads to the right one`(wrong: WrongCommand) async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        let outcome = try await desk.run(wrong.command)
        #expect(outcome.status == wrong.status, "\(outcome.said)")
        for words in wrong.said { #expect(outcome.talk.contains(words), "\(outcome.said)") }
        let next = try await desk.run(wrong.next)
        #expect(next.status == 0, "\(next.said)")
    }
}
