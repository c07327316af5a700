import GroveCore
import GroveTensor
import Testing

@Suite("The place of a process, as launchers name it")
struct ProcessPlaceTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let variables: [String: String]
    let expected: ProcessPlace?
    var testDescription: String { name }
  }

  /// "A=1 B=2" as variables.
  static func variables(_ text: String) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: text.split(separator: " ").map {
        let parts = $0.split(separator: "=", maxSplits: 1).map(String.init)
        return (parts[0], parts.count == 2 ? parts[1] : "")
      })
  }

  static func place(_ rank: Int, _ size: Int, _ localRank: Int, _ localSize: Int, _ host: String, _ port: Int)
    -> ProcessPlace
  { ProcessPlace(rank: rank, size: size, localRank: localRank, localSize: localSize, host: host, port: port) }

  static let torchrun = "RANK=3 WORLD_SIZE=4 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 MASTER_ADDR=alpha MASTER_PORT=29400"
  static let openMPI =
    "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2"
  static let slurm = "SLURM_PROCID=5 SLURM_NTASKS=7 SLURM_LOCALID=1 SLURM_STEP_ID=0 SLURM_JOB_ID=40123"

  static let places = [
    Case(name: "nothing", variables: [:], expected: nil),
    Case(name: "torchrun", variables: variables(torchrun), expected: place(3, 4, 1, 2, "alpha", 29400)),
    Case(
      name: "torchrun without local numbers",
      variables: variables("RANK=1 WORLD_SIZE=2 MASTER_ADDR=alpha MASTER_PORT=1"),
      expected: place(1, 2, 0, 1, "alpha", 1)),
    Case(name: "one process", variables: variables("RANK=0 WORLD_SIZE=1"), expected: nil),
    Case(name: "empty variables", variables: variables("RANK= WORLD_SIZE="), expected: nil),
    Case(name: "Open MPI on one host", variables: variables(openMPI), expected: place(1, 2, 1, 2, "127.0.0.1", 29500)),
    Case(
      name: "Open MPI with a meeting place", variables: variables(openMPI + " MASTER_ADDR=beta MASTER_PORT=7"),
      expected: place(1, 2, 1, 2, "beta", 7)),
    Case(
      name: "Hydra", variables: variables("PMI_RANK=0 PMI_SIZE=2 MPI_LOCALRANKID=0 MPI_LOCALNRANKS=2"),
      expected: place(0, 2, 0, 2, "127.0.0.1", 29500)),
    Case(
      name: "Slurm", variables: variables(slurm + " SLURM_STEP_NODELIST=n[08-10],x SLURM_TASKS_PER_NODE=2(x3),1"),
      expected: place(5, 7, 1, 2, "n08", 20123)),
    Case(
      name: "Slurm, the last node",
      variables: variables(
        "SLURM_PROCID=6 SLURM_NTASKS=7 SLURM_LOCALID=0 SLURM_STEP_ID=0 SLURM_NODEID=3 SLURM_TASKS_PER_NODE=2(x3),1 "
          + "SLURM_JOB_NODELIST=big,n[1-3]"),
      expected: place(6, 7, 0, 1, "big", 20000)),
    Case(
      name: "Slurm on one host",
      variables: variables(
        "SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_LOCALID=1 SLURM_STEP_ID=0 SLURM_STEP_TASKS_PER_NODE=2"),
      expected: place(1, 2, 1, 2, "127.0.0.1", 20000)),
    Case(
      name: "Slurm tells only where srun ran",
      variables: variables("SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_LAUNCH_NODE_IPADDR=10.0.0.7"),
      expected: place(1, 2, 0, 1, "10.0.0.7", 20000)),
    Case(
      name: "a batch script of Slurm is one process",
      variables: variables("SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=9"), expected: nil),
    Case(
      name: "torchrun in a step of Slurm", variables: variables(torchrun + " " + slurm),
      expected: place(3, 4, 1, 2, "alpha", 29400)),
  ]

  @Test("Each launcher's variables name the place", arguments: places)
  func named(_ example: Case) throws {
    #expect(try ProcessPlace.named(by: example.variables) == example.expected)
  }

  @Test("A network by name is taken over")
  func interface() throws {
    let place = try ProcessPlace.named(by: Self.variables(Self.torchrun + " GLOO_SOCKET_IFNAME=eth1"))
    #expect(place?.interface == "eth1")
  }

  @Test("What a place sets for a process names that place")
  func roundTrip() throws {
    let place = Self.place(1, 3, 1, 3, "127.0.0.1", 4000)
    #expect(try ProcessPlace.named(by: place.environment) == place)
  }

  @Test(
    "What is missing or contradicts itself is refused in words",
    arguments: [
      ("RANK=1", "WORLD_SIZE: is not set, but RANK is. Start the processes with torchrun, or unset RANK."),
      ("WORLD_SIZE=2", "RANK: is not set, but WORLD_SIZE is. Start the processes with torchrun, or unset WORLD_SIZE."),
      ("RANK=2 WORLD_SIZE=2", "RANK: 2 is not below WORLD_SIZE, 2"),
      ("RANK=x WORLD_SIZE=2", "RANK: 'x' is not a number"),
      ("RANK=-1 WORLD_SIZE=2", "RANK: '-1' is not a number"),
      ("RANK=0 WORLD_SIZE=0", "WORLD_SIZE: 0 is not a number of processes"),
      (
        "RANK=0 WORLD_SIZE=2 MASTER_PORT=1",
        "MASTER_ADDR: is not set. Give the name or address of the host of process 0."
      ),
      (
        "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a",
        "MASTER_PORT: is not set. Give the port where process 0 shall listen."
      ),
      ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000", "MASTER_PORT: 70000 is outside 1...65535"),
      ("RANK=0 WORLD_SIZE=2 LOCAL_RANK=2 LOCAL_WORLD_SIZE=2", "LOCAL_RANK: 2 is not below LOCAL_WORLD_SIZE, 2"),
      ("RANK=0 WORLD_SIZE=2 LOCAL_WORLD_SIZE=3", "LOCAL_WORLD_SIZE: 3 is more than WORLD_SIZE, 2"),
      (
        "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_SIZE=2",
        "MASTER_ADDR: is not set. Give the name or address of the host of process 0."
      ),
      (
        "OMPI_COMM_WORLD_RANK=0",
        "OMPI_COMM_WORLD_SIZE: is not set, but OMPI_COMM_WORLD_RANK is. "
          + "Start the processes with mpirun, or unset OMPI_COMM_WORLD_RANK."
      ),
      (
        "SLURM_PROCID=0 SLURM_STEP_ID=0",
        "SLURM_NTASKS: is not set, but SLURM_PROCID is. Start the processes with srun, or unset SLURM_PROCID."
      ),
      (
        "SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_STEP_ID=0 SLURM_TASKS_PER_NODE=two",
        "SLURM_TASKS_PER_NODE: 'two' is not a number of tasks"
      ),
    ])
  func refused(text: String, message: String) {
    #expect(throws: GroveError.self) { try ProcessPlace.named(by: Self.variables(text)) }
    do { _ = try ProcessPlace.named(by: Self.variables(text)) } catch { #expect("\(error)" == message) }
  }
}
