// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import GlanceModel
import HTTPTransport
import MigrationJournal
import MigrationModel

/// Everything outside the process: clouds, a file server, the network between them, the disk with
/// the journal, and other people who interfere.
///
/// `@unchecked Sendable`: only the thread of its timeline touches it.
final class World: @unchecked Sendable {
    let scenario: Scenario
    let timeline: Timeline
    let watch: Watch
    /// One or two hosts, each with a journal of its own.
    let hosts: [Host]
    private(set) var clouds: [String: Cloud] = [:]
    /// True in the phase without faults.
    var isCalm = false
    /// The number of requests that change something, counted in the calm phase.
    var changes = 0
    var chance: Chance
    /// The publisher of the nights; nil in other stories.
    let publisher: Publisher?
    /// The cloud that is down in this night.
    var downCloud: String?
    /// The cloud that does not answer a request to change something in this night.
    var silentCloud: String?
    /// Changes the answers of services; nil while they tell the truth.
    var liar: Liar?
    /// True in a play of lies, also after the lies have ended.
    let isLying: Bool
    private let isLogging: Bool
    private(set) var log: [String] = []

    init(
        _ scenario: Scenario, _ timeline: Timeline, hosts: [Host], chance: Chance,
        isLying: Bool, isLogging: Bool
    ) {
        self.scenario = scenario
        self.timeline = timeline
        self.hosts = hosts
        var chance = chance
        publisher = scenario.nights.map { _ in Publisher(Chance(chance.next())) }
        self.chance = chance
        self.isLying = isLying
        self.isLogging = isLogging
        watch = Watch(sources: scenario.sources)
        let source = Cloud(Scenario.sourceCloud, of: self, target: nil)
        clouds[source.name] = source
        for image in scenario.sources where !image.isURL { source.addSource(image) }
        for target in scenario.targets {
            let cloud = Cloud(target.name, of: self, target: target)
            clouds[target.name] = cloud
            for (number, isSame) in target.namesakes.sorted(by: { $0.key < $1.key }) {
                cloud.addNamesake(of: scenario.sources[number], isSame: isSame)
            }
            for (number, isSame) in target.holders.sorted(by: { $0.key < $1.key }) {
                cloud.addHolder(of: scenario.sources[number], isSame: isSame)
            }
            for number in target.burned { cloud.burn(scenario.sources[number].id) }
            if publisher != nil { cloud.addForeignImage() }
        }
    }

    func say(_ words: @autoclosure () -> String) {
        guard isLogging else { return }
        let words = words().replacing(SpoolFolder.root, with: "spool")
        log.append("\(timeline.now - 1_800_000_000_000) \(words)")
    }

    func violation(_ words: String) {
        say("VIOLATION: \(words)")
        watch.violations.append(words)
    }

    func happens(_ share: Double = 1) -> Bool {
        !isCalm && chance.happens(scenario.faultRate * share)
    }

    // MARK: Answers

    func answer(_ request: HTTPRequest, from sender: Host) async -> HTTPResponse {
        let (host, path, _) = Self.parts(request.url)
        if path.first == "v2", let states = Watch.states(request.method, path) {
            watch.rows = await rows(of: sender, in: states)
        }
        if host == Scenario.fileHost { return file(request, path) }
        guard let cloud = clouds[host] else { return HTTPResponse(status: 404) }
        if liar?.pretends(request, at: host) == true { return cloud.pretend(request) }
        guard publisher != nil else { return cloud.answer(request, from: sender) }
        let before = cloud.view
        let response = cloud.answer(request, from: sender)
        cloud.checkView(after: before, request)
        return response
    }

    /// Returns the transfers in a host's journal, independently of the process.
    func rows(
        of host: Host, in states: [TransferState] = TransferState.allCases
    ) async -> [Transfer] {
        do throws(TranshipError) {
            return try await host.rows(in: states)
        } catch {
            violation("the journal cannot be read: \(error.message)")
            return []
        }
    }

    static func parts(_ url: String) -> (host: String, path: [String], query: String) {
        let pieces = url.split(separator: "?", maxSplits: 1)
        let path = pieces[0].dropFirst("http://".count).split(separator: "/").map(String.init)
        return (
            path.first ?? "", Array(path.dropFirst()), pieces.count > 1 ? String(pieces[1]) : ""
        )
    }

    private func file(_ request: HTTPRequest, _ path: [String]) -> HTTPResponse {
        if let publisher { return publisher.answer(request, path) }
        let name = path.first ?? ""
        if name == "SUMS" { return HTTPResponse(status: 200, body: Array(sums.utf8)) }
        guard let source = scenario.sources.first(where: { $0.isURL && $0.file == name }) else {
            return HTTPResponse(status: 404)
        }
        return HTTPResponse(
            status: 200,
            headers: ["Content-Length": String(source.bytes.count), "ETag": "\"\(source.md5)\""])
    }

    private var sums: String {
        var text = ""
        for source in scenario.sources where source.isURL {
            guard let algorithm = source.promise.algorithm,
                let sum = try? digest(algorithm, of: source.bytes)
            else { continue }
            text += "\(sum.value)  \(source.file)\n"
        }
        return text
    }

    /// Returns the answer and the bytes of a download.
    func data(_ request: HTTPRequest) -> (
        head: HTTPResponse, bytes: [UInt8], source: Scenario.Source?
    ) {
        let (host, path, _) = Self.parts(request.url)
        if host == Scenario.fileHost {
            if let publisher { return publisher.download(request, path) }
            let head = file(request, path)
            let source = scenario.sources.first { $0.isURL && $0.file == path.first }
            guard let source, head.status == 200 else { return (head, [], nil) }
            return (head, source.given, source)
        }
        guard let cloud = clouds[host] else { return (HTTPResponse(status: 404), [], nil) }
        return cloud.data(request)
    }

    // MARK: Others who interfere

    func loseJournal(of host: Host) throws(TranshipError) {
        say("the journal is lost")
        try host.journal.forget()
        host.losses += 1
        for cloud in clouds.values { cloud.forget(host) }
    }

    /// Deletes a copy of ours, as an operator would, in any state.
    func deleteSomething() {
        guard !isCalm else { return }
        let all = clouds.values.sorted { $0.name < $1.name }.flatMap { cloud in
            cloud.records.values.filter(\.isOurs).map { (cloud, $0.id) }.sorted { $0.1 < $1.1 }
        }
        guard !all.isEmpty else { return }
        let (cloud, id) = chance.pick(all)
        say("an operator deletes \(cloud.name)/\(id)")
        cloud.remove(id)
    }

    /// Adds a server's snapshot, which has all properties of its image, including our marker.
    func forgeSomething() {
        guard !isCalm else { return }
        for cloud in clouds.values.sorted(by: { $0.name < $1.name }) where cloud.target != nil {
            let ours = cloud.records.values.filter(\.isOurs).sorted { $0.id < $1.id }
            guard let model = ours.first else { continue }
            say("a snapshot of \(cloud.name)/\(model.id) is made")
            cloud.addSnapshot(of: model)
        }
    }
}
