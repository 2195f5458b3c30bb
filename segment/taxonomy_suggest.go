package segment

import (
	"strings"
	"unicode"
)

// SuggestMarks returns the categories that are not sensitive and whose own name
// holds a telling word, in the order of the file, each with the first reason that
// fits: what whoever loads a tree of their own should look at, and give to
// [Taxonomy.Mark] where it is right. It knows some words of English, and a few of
// German, French, Spanish, Italian, Portuguese and Dutch; case and accents do not
// matter, and words are compared whole or by their beginning. It is a suggestion
// and no more: it finds harmless names and overlooks telling ones. Equal trees
// give equal suggestions. It costs a few microseconds a name.
func SuggestMarks(t *Taxonomy) []Suggestion {
	var list []Suggestion
	words := newTeller()
	for i := range t.nodes {
		if n := &t.nodes[i]; !n.sensitive {
			if reason := words.reason(n.name); reason != "" {
				list = append(list, Suggestion{n.id, reason})
			}
		}
	}
	return list
}

// teller holds the telling phrases by their first two bytes.
type teller map[[2]byte][]tellingPhrase

// tellingPhrase is one or more words; a star at the end of one lets it be the
// beginning of a longer one.
type tellingPhrase struct {
	rank int // of the reason, in the order in which reasons are tried
	text string
}

func newTeller() teller {
	t := teller{}
	for rank, w := range tellingWords {
		for text := range strings.SplitSeq(w.phrases, ",") {
			t[[2]byte{text[0], text[1]}] = append(t[[2]byte{text[0], text[1]}], tellingPhrase{rank, text})
		}
	}
	return t
}

// reason returns the first reason for which a name is telling, or "".
func (t teller) reason(name string) Reason {
	words := strings.FieldsFunc(fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	best := len(tellingWords)
	for i, w := range words {
		if len(w) < 2 {
			continue
		}
		for _, p := range t[[2]byte{w[0], w[1]}] {
			if p.rank < best && begins(words[i:], p.text) {
				best = p.rank
			}
		}
	}
	if best == len(tellingWords) {
		return ""
	}
	return tellingWords[best].reason
}

// begins reports whether the words begin with the phrase.
func begins(words []string, phrase string) bool {
	more := true
	for k := 0; more; k++ {
		var p string
		p, phrase, more = strings.Cut(phrase, " ")
		stem, open := strings.CutSuffix(p, "*")
		if k == len(words) || !strings.HasPrefix(words[k], stem) || !open && len(words[k]) != len(stem) {
			return false
		}
	}
	return true
}

// fold returns text in lower case without accents, as far as Latin letters of
// Western and Central Europe go, and without apostrophes.
func fold(text string) string {
	var b strings.Builder
	for _, r := range text {
		r = unicode.ToLower(r)
		switch {
		case r == '\'' || r == '\u2019' || unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'œ':
			b.WriteString("oe")
		default:
			if i := strings.IndexRune(accented, r); i >= 0 {
				r = rune(plain[strings.Count(accented[:i], "")-1])
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// The accented letters, and what each becomes.
const (
	accented = "àáâãäåāăąçćčďđèéêëēėęěìíîïīįłľñńňòóôõöøőŕřśšşșťțùúûüūůűųýÿźżž"
	plain    = "aaaaaaaaacccddeeeeeeeeiiiiiillnnnooooooorrsssstt" + "uuuuuuuuyyzzz"
)

// tellingWords are the reasons in the order in which they are tried, each with
// its words and phrases. A star stands for the rest of a word.
var tellingWords = []struct {
	reason  Reason
	phrases string
}{
	{ReasonHealth, "health*,medic*,disease*,disorder*,illness*,ailment*,sickness,syndrome*,symptom*,cancer*,tumor*,tumour*,oncolog*,diabet*," +
		"hiv,aids,std,stds,pregnan*,maternity,infertil*,fertility,abortion*,miscarriage*,contracept*,birth control,family planning,menopaus*,menstrua*," +
		"disab*,handicap*,wheelchair*,special needs,special education,deaf*,blindness,incontinen*,prosthe*,allerg*,asthma*,epilep*,dementia," +
		"alzheimer*,autis*,adhd,depression,depressive,anxiety,bipolar,schizo*,mental,psychiatr*,psychotherap*,therap*,rehab*,obes*,weight loss," +
		"eating disorder*,pharma*,drugstore*,prescription*,vaccin*,surger*,surgical,hospital,hospitals,clinic,clinics,clinical,patient*,genetic*,dna,dental,orthop*," +
		"eldercare,elder care,hair loss,smoking cessation," +
		"gesundheit*,krank*,erkrank*,medizin*,arznei*,apothek*,schwanger*,behinder*,pflegebedurft*,klinik*,arzt*,seelische," +
		"sante,maladie*,medicament*,grossesse*,enceinte*,hopital*,handicape*,salud,enfermedad*,embaraz*,farmac*,discapac*,salute,malatti*," +
		"gravidanz*,disabil*,ospedal*,saude,doenc*,gravidez,gezondheid*,ziekte*,zwanger*,apothe*,geneesmiddel*"},
	{ReasonSex, "sex,sexy,sexual*,sexes,gay,gays,lesbian*,bisexual*,homosexual*,transgender*,transsexual*,nonbinary,lgb*,queer*,erotic*,porn*,fetish*," +
		"escort,escorts,swinger*,dating,singles,divorce*,gender identity,adult video*,adult content,adult toys," +
		"erotik*,schwul*,lesb*,partnersuche,scheidung*,erotique*,rencontres,citas,divorcio*,incontri,divorzio*,namoro,relatiebemiddeling,echtscheiding*"},
	{ReasonBelief, "religio*,spiritual*,faith*,church*,christian*,catholic*,protestant*,orthodox,evangelical*,bible*,gospel*,islam*,muslim*,moslem*,mosque*," +
		"quran*,koran*,halal,jewish,judais*,judaic*,jew,jews,synagog*,kosher,torah,hindu*,buddh*,sikh*,taois*,pagan*,wicca*,athei*,agnostic*,astrolog*," +
		"worship*,prayer*,theolog*,cults," +
		"kirch*,glaub*,katholi*,evangelisch*,muslimisch*,judisch*,moschee*,gebet*,eglise*,chretien*,musulman*,juif*,juive*,croyan*,iglesia*,cristian*,judio*," +
		"judia*,creencia*,chiesa*,chiese,ebrai*,mussulman*,igreja*,kerk,kerken,geloof*,joods*,moskee*"},
	{ReasonPolitics, "politic*,election*,electoral,voting,voter*,referendum*,conservatism,liberalism,communis*,socialism,socialist*,fascis*,nationalis*," +
		"activis*,protests,campaigning,lobbying,ngo,ngos,civic organizations,civic affairs,war and conflicts," +
		"politi*,wahlen,wahlkampf,partei,parteien,eleccion*,elezion*,eleicoes,eleicao,verkiezing*,partis politiques"},
	{ReasonUnion, "trade union*,labor union*,labour union*,workers union*,unionization,unionisation,works council*,collective bargaining,labor law,labour law," +
		"employment law,gewerkschaft*,betriebsrat*,syndicat*,syndical*,sindicat*,sindical*,vakbond*,ondernemingsraad"},
	{ReasonOrigin, "ethnic*,racial*,racism,immigra*,migrant*,migration,refugee*,asylum,indigenous,tribal,minorit*,ancestr*,genealog*,african american*,hispanic*," +
		"latino*,latina*,latinx,roma and sinti,mother tongue,nationality," +
		"ethnie*,herkunft*,einwander*,gefluchtet*,fluchtling*,rassis*,etni*,immigre*,refugie*,inmigra*,refugiad*,rifugiat*,vluchteling*,afkomst"},
	{ReasonChildren, "childrens,for children,for kids,kids,adoption and fostering,foster care,adopting,teens,teenager*,minors," +
		"fur kinder,kinderbuch*,jugendbuch*,pour enfants,para ninos,per bambini,para criancas,voor kinderen"},
	{ReasonCrime, "crime,crimes,criminal*,prison*,jail*,convict*,felon*,parole,probation,bail bonds,arrest*,violen*,weapon*,firearm*,gun,guns,ammunition,terroris*," +
		"hate,victim*,abuse*,assault*,illegal*," +
		"gefangnis*,straftat*,strafrecht*,kriminal*,gewalt*,waffe*,criminel*,crimen*,carcel*,carcere,armas,armi,misdaad*,gevangenis*"},
	{ReasonHardship, "debt*,bankrupt*,insolven*,payday*,pawn,pawnshop*,foreclos*,welfare,unemploy*,homeless*,povert*,low income,financial aid,financial assistance," +
		"credit repair,food bank*,bereave*,funeral*," +
		"schulden*,uberschuld*,insolvenz*,arbeitslos*,pfandleih*,sozialhilfe*,bestattung*,dettes,surendette*,chomage*,deudas,desemple*,debiti,disoccupa*," +
		"dividas,desempreg*,werkloos*"},
	{ReasonAddiction, "addict*,alcohol*,liquor*,spirits,tobacco*,cigar*,vape*,vaping,cannabis*,marijuana*,drugs,narcotic*,gambl*,casino*,lotter*,betting,poker," +
		"substance abuse," +
		"sucht*,alkohol*,tabak*,glucksspiel*,lotto,wetten,alcool*,tabac*,loterie*,tabaco*,loteria*,apuesta*,tabacco*,scommess*,apostas,gokken,loterij*"},
	{ReasonListed, "sensitive topics"},
}
