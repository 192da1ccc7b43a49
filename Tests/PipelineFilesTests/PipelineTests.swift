// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Testing

@testable import PipelineFiles

@Suite("Pipeline")
struct PipelineTests {
    @Test("the smallest file has the documented defaults")
    func defaults() throws {
        let pipeline = try parse(PipelineTexts.with())
        #expect(pipeline.version == 1)
        #expect(pipeline.name == "leave-alpha")
        #expect(pipeline.transfer == .auto)
        #expect(pipeline.spool == nil)
        #expect(pipeline.verify == .proof)
        #expect(pipeline.order == .smallFirst)
        #expect(pipeline.limits == PipelineLimits(images: .automatic, attempts: 5, deletes: 10))
        #expect(pipeline.text == PipelineTexts.with())
        #expect(pipeline.file == "p.yaml")
        #expect(pipeline.baseDirectory == FileManager.default.currentDirectoryPath)
        #expect(pipeline.absoluteFile == pipeline.baseDirectory + "/p.yaml")
        #expect(pipeline.sources[0].position == FilePosition(file: "p.yaml", line: 4, column: 5))
        #expect(pipeline.targets[0].position == FilePosition(file: "p.yaml", line: 6, column: 5))
        let target = try cloudTarget(PipelineTexts.with())
        #expect(target.cloud.name == "beta")
        #expect(target.rules.method == nil)
        #expect(target.rules.stores == .standard)
        #expect(target.rules.image == .standard)
        #expect(target.rules.onConflict == nil)
        #expect(target.rules.keep == nil)
        #expect(target.rules.limitsImages == nil)
        #expect(target.rules.acceptTransformed == false)
    }

    @Test("a relative path starts at the file's folder")
    func baseDirectory() throws {
        let text = PipelineTexts.withURL("    cacert: ./ca.pem\n    checksum_file: sums/SHA256SUMS")
        let pipeline = try Pipeline.parse(
            text: text, file: "/etc/tranship/night.yaml", environment: [:])
        #expect(pipeline.baseDirectory == "/etc/tranship")
        guard case .url(let source) = pipeline.sources[0] else { throw Missing(what: "url") }
        #expect(source.cacert == "/etc/tranship/ca.pem")
        #expect(source.checksumFile == "/etc/tranship/sums/SHA256SUMS")
        #expect(try Pipeline.parse(text: text, file: "/p", environment: [:]).baseDirectory == "/")
    }

    @Test("the text that a journal keeps contains no values of variables")
    func textIsAsWritten() throws {
        let text = PipelineTexts.withURL("    headers: { Authorization: \"Bearer ${TOKEN}\" }")
        let pipeline = try parse(text, ["TOKEN": "hunter2"])
        #expect(!pipeline.text.contains("hunter2"))
        guard case .url(let source) = pipeline.sources[0] else { throw Missing(what: "url") }
        #expect(source.headers[0].value.revealed == "Bearer hunter2")
        var dumped = ""
        dump(pipeline, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test("a byte order mark and the line ends of Windows change nothing but the text")
    func windows() throws {
        let text = "\u{FEFF}" + PipelineTexts.with().replacing("\n", with: "\r\n")
        let pipeline = try parse(text)
        let plain = try parse(PipelineTexts.with())
        #expect(pipeline.sources == plain.sources)
        let bad = PipelineTexts.with(more: "zzz: 1").replacing("\n", with: "\r\n")
        #expect(try #require(refusal(bad)).message == "p.yaml:7:1: unknown key `zzz` in a pipeline")
    }

    /// The time to read must not grow with the square of the size.
    @Test("a file with five thousand sources is read")
    func large() throws {
        var sources = ""
        for number in 0..<5000 {
            sources += "  - url: https://mirror.example/images/release-\(number).qcow2\n"
            sources += "    image: { name: \"release-\(number)\", tags: [mirror] }\n"
        }
        let pipeline = try parse(PipelineTexts.with(source: sources))
        #expect(pipeline.sources.count == 5000)
    }

    /// Deterministic, so that a failure repeats.
    @Test("a damaged file is refused with a place, whatever the damage", arguments: 0..<8)
    func damaged(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ below: Int) -> Int {
            // xorshift64: https://www.jstatsoft.org/article/view/v008i14
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(below))
        }
        let pieces =
            "{}[]*&!|>'\"%@:,-?\n\t $#~é\u{0}\u{85}\u{2028}".map { String($0) } + [
                "${", "<<: ", "- ", ": ",
            ]
        for _ in 0..<100 {
            var text = Array(Self.example)
            for _ in 0...random(3) {
                let index = random(text.count)
                switch random(4) {
                case 0: text.remove(at: index)
                case 1: text.removeSubrange(index..<min(text.count, index + random(200)))
                case 2:
                    text.insert(contentsOf: text[index..<min(text.count, index + 80)], at: index)
                default: text.insert(contentsOf: pieces[random(pieces.count)], at: index)
                }
                if text.isEmpty { text = ["x"] }
            }
            let damaged = String(text)
            guard let error = refusal(damaged) else { continue }
            #expect(error.code == .invalidPipeline)
            #expect(
                error.message.firstMatch(
                    of: /^(p\.yaml has [1-9][0-9]* mistakes\n  )?p\.yaml:[1-9][0-9]*:[1-9][0-9]*: ./
                ) != nil,
                "\(error) in \(damaged.debugDescription)")
        }
    }

    @Test("every key of the format document's example is read")
    func example() throws {
        let reader = PipelineReader(text: Self.example, file: "p.yaml", environment: [:])
        let pipeline = try reader.pipeline()
        #expect(pipeline.sources.count == 4)
        guard case .cloud(let cloud) = pipeline.sources[0],
            case .url(let url) = pipeline.sources[1],
            case .file(let file) = pipeline.sources[2],
            case .archive(let archive) = pipeline.sources[3],
            case .cloud(let target) = pipeline.targets[0],
            case .archive(let archiveTarget) = pipeline.targets[1]
        else { throw Missing(what: "kind of source or target") }
        #expect(cloud.selection.names == [Glob("ubuntu-*"), Glob("debian-*")])
        #expect(cloud.selection.ids == ["6f1c…"])
        #expect(cloud.selection.owner == .selfProject)
        #expect(cloud.selection.visibility == [.public, .shared])
        #expect(cloud.selection.statuses == ["active"])
        #expect(cloud.selection.tags == ["prod"])
        #expect(cloud.selection.properties == ["os_distro": "ubuntu"])
        #expect(cloud.selection.sizeMinBytes == 1 << 20)
        #expect(cloud.selection.sizeMaxBytes == 50 << 30)
        #expect(cloud.selection.updatedAfter == .date("2026-01-01T00:00:00Z"))
        #expect(cloud.selection.hidden == .any)
        #expect(cloud.selection.snapshots == .exclude)
        #expect(cloud.exclude?.names == [Glob("*-test")])
        #expect(url.url == "https://mirror.example/noble-server-cloudimg-amd64.img")
        #expect(url.checksum?.algorithm == .sha256)
        #expect(url.image.name.text == "Ubuntu 24.04")
        #expect(url.image.diskFormat == "qcow2")
        #expect(url.image.minDiskGiB == 4)
        #expect(url.image.minRAMMiB == 512)
        #expect(url.image.tags == ["mirror"])
        #expect(url.image.properties == ["os_distro": "ubuntu", "os_version": "24.04"])
        #expect(url.image.visibility == .public)
        #expect(url.series?.text == "ubuntu-24.04")
        #expect(file.pattern == "./images/*.qcow2")
        #expect(file.image.diskFormat == "qcow2")
        #expect(file.image.name.placeholders == [.stem])
        #expect(archive.path.hasSuffix("/export"))
        #expect(archiveTarget.path == archive.path)
        #expect(archive.selection == ImageSelection())
        #expect(archiveTarget.rules.image.members == .keep)
        #expect(target.rules.stores == .named(["fast"]))
        #expect(target.rules.image.visibility == .keep)
        #expect(target.rules.image.owner == OwnerMap(projects: ["3c1a…": "77de…"], rest: nil))
        #expect(target.rules.image.members == .map)
        #expect(target.rules.image.properties.set == ["mirrored": "yes"])
        #expect(
            target.rules.image.properties.drop == [
                Glob("base_image_ref"), Glob("owner_specified.*"),
            ])
        #expect(target.rules.image.properties.rename == ["old": "new"])
        #expect(target.rules.image.tags == TagRules(add: ["mirrored"], drop: []))
        #expect(target.rules.onConflict == .keepBoth)
        #expect(target.rules.keep == 2)
        #expect(target.rules.previous == .hide)
        #expect(target.rules.expired == ExpiredVersions(action: .delete, afterSeconds: 90 * 86400))
        #expect(target.rules.limitsImages == 2)
        #expect(pipeline.spool == SpoolSetting(path: "/var/tmp/tranship", maxBytes: nil))
        #expect(pipeline.limits.bandwidth == BandwidthSchedule(rest: 200 << 20))
    }

    /// The example of the format's specification, word for word, except that the checksum is
    /// complete.
    static let example = """
        version: 1
        name: leave-alpha              # also names the default journal: $XDG_STATE_HOME/tranship/leave-alpha.sqlite

        sources:                       # one or more, of any kind
          - cloud: alpha               # an entry of clouds.yaml; region:, interface: and project: (re-scopes the token) may be added
            images:                    # all conditions must hold; omitted: every active image that the project owns, but snapshots
              name: ["ubuntu-*", "debian-*"]     # globs; one or a list
              id: [6f1c…]
              owner: self              # self | any | a project id
              visibility: [public, shared]
              status: [active]
              tags: [prod]
              properties: { os_distro: ubuntu }
              size: { min: 1MiB, max: 50GiB }
              updated_after: 2026-01-01T00:00:00Z   # or a span: 7d
              hidden: any              # any | true | false (default false)
              snapshots: exclude       # exclude | include | only
            exclude: { name: "*-test" }   # the same keys; what matches is left out

          - url: https://mirror.example/noble-server-cloudimg-amd64.img
            checksum: sha256:5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f       # or checksum_file: https://mirror.example/SHA256SUMS (GNU and BSD forms, found by file name)
            image: &ubuntu             # what the record gets; the same keys serve url, file and archive sources
              name: Ubuntu 24.04
              disk_format: qcow2
              container_format: bare
              min_disk: 4              # GiB
              min_ram: 512             # MiB
              tags: [mirror]
              properties: { os_distro: ubuntu, os_version: "24.04" }
              visibility: public       # private if omitted; also protected, hidden
            series: ubuntu-24.04       # the lineage whose versions follow each other; default: the rendered name

          - file: ./images/*.qcow2     # globs; relative to the pipeline file
            image: { name: "{stem}", container_format: bare }

          - archive: ./export          # a directory that an archive target wrote

        targets:                       # one or more: each source image goes to each target
          - cloud: beta
            method: auto               # auto | upload | glance-direct | web-download | glance-download
            stores: [fast]             # or: all; omitted: the cloud's default
            image:
              name: "{name}"           # {name} {id} {stem} {date} {version} {checksum:8}
              visibility: keep         # keep | private | shared | community | public
              protected: keep          # keep | true | false
              hidden: keep
              keep_id: false           # true | false | prefer: the same UUID at the target
              owner: { 3c1a…: 77de… }  # project at the source: project at the target (needs an admin target; "*": the rest; unmapped: refused in the plan)
              members: map             # map (by the owner table; unmapped ones dropped and reported; default across Keystones) | keep | drop
              properties: { set: { mirrored: "yes" }, drop: ["base_image_ref", "owner_specified.*"], rename: { old: new } }
              tags: { add: [mirrored], drop: [] }
            on_conflict: keep-both     # a different image is already there under that name:
                                       # keep-both (default for cloud sources: names are not identities) | skip | update | replace | rename | fail
            keep: 2                    # url, file, archive sources: how many earlier versions of a series stay
            previous: hide             # what becomes of those: hide | rename | deactivate | leave
            expired: { action: delete, after: 90d }   # what becomes of the older ones: delete | hide | deactivate | leave (default)
            accept_transformed: false  # an import that converted the data (size or format changed) counts as done
            limits: { images: 2 }      # for this target alone

          - archive: ./export

        transfer: auto                 # auto | stream | spool
        spool: /var/tmp/tranship       # where spooled data lies; with a size limit: { path: …, max: 200GiB }
        verify: proof                  # proof | services (the clouds' own hashes, nothing computed) | paranoid (read the target back too)
        order: small-first             # small-first | large-first | listed; kernels and ramdisks always before what names them
        limits:
          images: 4                    # transfers at once
          bandwidth: 200MiB/s          # over all transfers
          attempts: 5                  # per transfer, for failures that may pass
          deletes: 10                  # per run
        """
}
